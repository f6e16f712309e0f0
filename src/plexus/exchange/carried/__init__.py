"""Operations of which nothing is translated (images, audio): bodies go up as they came, replies come down as they are.

- ``prepare``: a target's request, with the model's name exchanged.
- **Upload** (``upload``): a form, kept once up to a bound and streamed beyond it.
- **PlainCarrier** (``plain``): a reply that is no stream of events.
- ``estimates``: what a call took where its provider does not say.
"""
