"""Where handlers run: on the loop, in a thread, or by value in a worker process, ours or somebody else's.

`executor.py` has the two protocols, `jobs.py` what goes to a worker, `reports.py` what a worker tells back. What follows
in the process of a worker begins in `performing.py`.
"""
