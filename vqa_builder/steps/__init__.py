"""The steps of the pipeline, one file per stage.

A step is a function. It takes the ``BuildContext`` and the steps before it, and declares its table: what it
is called, which tables it is made from, every parameter that it depends on besides, and the function that
makes it. From these its key follows, and the table is made when somebody asks for it and the store does not
hold it yet.
"""
