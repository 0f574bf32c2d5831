"""How dates and numbers are written, by language, where Django's own formats are not what people use."""
