"""Shared state: what workers, other kernels and other machines may see and change of an organism's conversations.

store.py                              the one interface of all backends: texts, numbers, and what is undivided
memory_store.py  redis_store.py       two backends
manager_store.py manager_server.py    the third: a client, and the process that it asks
wire.py                               what goes between these two
records.py                            what the texts mean: JSON whose every field is checked, XML by the gate
shared.py                             `SharedState`: what people and handlers use
writer.py                             one thread that writes in order, and waits where a store is away
mirror.py  ledger.py                  what an organism writes there, and how it spends from shared accounts

Nothing is imported here, so that the state server, which is a process of its own, loads no more than it needs.
"""
