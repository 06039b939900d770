"""A simulator of the Bud platform: budapp, budcluster, budsim and budnotify on one port, to try pipelines against.

It answers the calls that the actions make and publishes the events they wait for, out of its own memory. It does
nothing else: no model is downloaded, and no cluster is touched.
"""
