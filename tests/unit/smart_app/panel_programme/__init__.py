"""The programme on the panel: what its forms take, and what its sections say."""
