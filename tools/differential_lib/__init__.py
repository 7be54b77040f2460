"""The differential test: random commands to redis-server and to Mydis. See docs/testing.md."""
