"""Where frames go besides the page: other programs on this machine, or in its network.

A sink is one class with the interface of `renderer.sinks.sink.PictureSink`; `catalog.py` lists them. `outputs.py` runs
those that are on, each in a thread of its own: rendering never waits for them.
"""
