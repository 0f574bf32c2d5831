"""What the gateway answers itself of the OpenAI layer."""
