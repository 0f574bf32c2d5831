"""Google's OpenAI layer: OpenAI's requests and answers, with Google's keys, quotas, errors and resources behind."""
