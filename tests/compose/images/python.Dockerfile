# Stands in for python:3.13-slim in tests: Debian's Python, which is 3.13 too. tests/compose/base.sh makes `debian`.
FROM product-analytics-local/debian
RUN ln -s python3 /usr/bin/python
# pip trusts what this machine trusts: base.sh has copied the certificates.
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt
CMD ["python3"]
