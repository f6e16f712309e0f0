"""Pure choices: which targets, in which order, how the body is carried, and what follows a failure.

- **Plan** (``plan``): the ordered targets for one exchange, with the reason for the order.
- ``resolve`` finds the plan for a model name and a key; ``selectors`` order a route's targets.
- **Lane** (``lane``): pass, edit or translate, chosen for each attempt.
- **Verdict** (``verdict``): what follows a failure: retry, next target, give up.
"""
