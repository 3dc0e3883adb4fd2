"""What is known of single products: their newest events and present names, how they are rated, and all of it at once.

queries         what MongoDB is asked; pure
newest          the newest event of products, and their present names
window_bins     ratings by half points since a second, from hours and sealed days
distribution    DistributionReader: ratings by half points
product         ProductReader: name, times, sales of the last hour and ratings of one product
"""
