"""Amazon Bedrock's Converse: ``schema`` and ``request`` read and refuse, ``reply`` writes, ``signed`` checks signatures."""
