"""The queue at Kafka brokers, by librdkafka.

It is used from threads of our own and not by `confluent_kafka.aio`: that one hops to a pool for each poll, and what a
cancelled call has taken from the broker is lost with it. Here a thread reads into a bounded buffer, and only what is
handed out counts as fetched.
"""
