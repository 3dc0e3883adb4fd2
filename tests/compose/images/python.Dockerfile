# In the place of python:3.13-slim: Debian's own Python, which is 3.13 as well. `debian` is what base.sh has made.
FROM product-analytics-local/debian
RUN ln -s python3 /usr/bin/python
# As this machine reaches the package indexes; the certificates came with the base.
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt
CMD ["python3"]
