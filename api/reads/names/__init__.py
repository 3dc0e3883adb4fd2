"""Products by the beginning of their latest names, a page at a time.

search          SearchReader: a page of products
latest_names    what products are called by their newest events, and the keys by which searches find them
queries         what MongoDB is asked first; pure
"""
