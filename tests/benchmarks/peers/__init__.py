"""The same works in other people's frameworks, beside ours in one process; none of them checks or copies a message.

They live in an environment of their own (`make bench` sets it up), because nobody else should have to install them.
"""
