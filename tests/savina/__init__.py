"""The actor classics of the Savina suite (Imam and Sarkar, 2014), each as an organism whose invariants are asserted.

A classic is a coroutine that takes its size, runs, asserts what has to hold, and gives the number of messages that were
handled; the tests run small ones, the benchmark larger ones.
"""
