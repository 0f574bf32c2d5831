"""Pictures and sounds that the models make."""
