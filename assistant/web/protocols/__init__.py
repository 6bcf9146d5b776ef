"""The protocols in which a client may ask: SeeSay's own, OpenAI's and Ollama's.

    api, ask_request, event_text     `/api`: the page and programs made for SeeSay
    v1, responses, audio_routes      `/v1`: programs made for OpenAI's API
    ollama, ollama_request           Ollama's `/api/chat` and `/api/generate`
    chat, chat_request               what the protocols of OpenAI and Ollama have in common

Each reads a request into checked values and writes the answer as its clients expect it. They do not know how a question
is answered (`assistant.web.answers`), nor who may ask (`assistant.web.app`).
"""
