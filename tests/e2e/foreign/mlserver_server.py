"""MLServer with the models of the folder `mlserver`: prints its HTTP and gRPC ports when it is ready, and stops with its
standard input."""

import asyncio
import os
import socket
import sys
import threading

from mlserver import MLServer, Settings
from mlserver.repository import SchemalessModelRepository


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


async def main():
    models = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mlserver")
    http, grpc, metrics = free_ports(3)
    settings = Settings(host="127.0.0.1", http_port=http, grpc_port=grpc, metrics_port=metrics, parallel_workers=0,
                        model_repository_root=models, gzip_enabled=False)
    server = MLServer(settings)
    loop = asyncio.get_running_loop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(os._exit, 0)), daemon=True).start()
    loaded = await SchemalessModelRepository(models).list()
    serving = asyncio.create_task(server.start(loaded))
    while not serving.done():
        try:
            socket.create_connection(("127.0.0.1", http), 1).close()
            socket.create_connection(("127.0.0.1", grpc), 1).close()
            break
        except OSError:
            await asyncio.sleep(0.05)
    print(http, grpc, flush=True)
    await serving


asyncio.run(main())
