"""One call's way through the gateway: attempts, the exchange with an upstream, the relay of the answer."""
