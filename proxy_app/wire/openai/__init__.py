"""Google's layer for OpenAI's clients: requests, answers and errors in OpenAI's form."""
