"""What customers see and order: the price list, baskets, orders that nobody pays, and who may ask."""
