"""AI: providers, streams, chats and answers into rooms."""
