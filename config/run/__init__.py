"""Starting and stopping: the virtual environment, the embedded servers, the demo and its processes.

Not part of the product: nothing under `pv` imports it, and in production none of it runs. It uses the standard
library only, so that it works before anything is installed.
"""
