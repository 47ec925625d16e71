import asyncio
from xpipe_nb import Organism, ListenerConfig, HandlerMetadata, HandlerResponse, payload

@payload
class Greeting:
    name: str

@payload
class Shouted:
    text: str
    volume: int = 11

async def greet(message: Greeting | Shouted, meta: HandlerMetadata) -> HandlerResponse:
    if isinstance(message, Shouted):
        return HandlerResponse.respond(message)
    return HandlerResponse(Greeting(f"hello {message.name}"), to="shouter")

async def shout(message: Greeting, meta: HandlerMetadata) -> HandlerResponse:
    return HandlerResponse.respond(Shouted(message.name.upper()))

YAML = """
organism: {name: hello}
listeners:
  - {name: greeter, handler: greet, description: Greets, agent: true, peers: [shouter]}
  - {name: shouter, handler: shout, description: Shouts}
"""

async def main() -> None:
    async with Organism.from_yaml(YAML, namespace=globals()) as organism:      # or Organism("hello", [ListenerConfig(name="greeter", handler=greet, ...), ...])
        conversation = await organism.inject(Greeting("World"), to="greeter")  # returns once admitted; from_id="console" unless said
        replies = await conversation                                           # payloads that reached the injector; raises ConversationFailed
        assert replies == [Shouted("HELLO WORLD")]
        assert conversation.reply == Shouted("HELLO WORLD")
        conversation.id, conversation.number, conversation.state, conversation.replies, conversation.errors, conversation.repairs
        [frame.thread_id for frame in conversation.frames]                      # a list; root first
        assert await organism.ask(Greeting("Ann"), to="greeter") == Shouted("HELLO ANN")
        other = await organism.inject(b"<Greeting><Name>Ann</Name></Greeting>", to="greeter")   # a bare payload, or a whole envelope, as str or bytes
        await organism.settle()
        organism.dead_letters          # each: message_id, stage, reason (a code), detail (for people), raw, from_id, to_id
        unsubscribe = organism.subscribe(print)     # every PumpEvent, in order
        organism.graph()               # nodes and edges; .to_dot() gives DOT text, .to_svg() and .to_png() pictures with no binary

asyncio.run(main())
