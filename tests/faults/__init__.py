"""The fault suite: what dies, freezes or lies, and the promise that holds all the same."""
