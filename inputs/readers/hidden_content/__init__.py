"""What a file holds elsewhere than in the cells of its sheets, collected so that people are looked for there too.

Nothing here is loaded, shown or kept. Runs on untrusted bytes, so only in the child process
(inputs.sandbox.child_process); a part that is not what it should be is searched as plain text, and never stops a file
from being read.
"""
