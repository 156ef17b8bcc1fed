/** ops/redis/compose.yml: the Redis that all apps share. */
export function redisCompose(): string {
  return `# The one Redis of the platform, shared by all its apps. Once per host:
#
#   docker compose -f ops/redis/compose.yml up -d
#
# It is a project of its own, so that \`docker compose down\` of an app does not stop the queue of all others. The fixed
# container name makes a second Redis fail at once instead of taking half of the jobs.

name: scalr-redis

services:
  scalr-redis:
    image: redis:7.4-alpine
    container_name: scalr-redis
    # AOF everysec: a crash of the host loses one to two seconds of jobs; docs/production.md of scalr-queue has more.
    # noeviction: when memory is full Redis refuses new jobs; any other policy would delete waiting ones.
    command:
      - redis-server
      - --appendonly
      - 'yes'
      - --appendfsync
      - everysec
      - --maxmemory-policy
      - noeviction
      - --maxmemory
      - 256mb
    # Twice maxmemory: rewriting the AOF forks, and pages that change meanwhile exist twice.
    mem_limit: 512m
    volumes:
      - scalr-redis-data:/data
    # The image starts as root to give /data to redis and then drops to it; here it is redis from the start.
    user: redis
    read_only: true
    tmpfs:
      - /tmp
    cap_drop:
      - ALL
    security_opt:
      - no-new-privileges:true
    # No ports: only containers on scalr-edge reach it. For processes that run on this machine without a container:
    # ports:
    #   - '127.0.0.1:6379:6379'
    networks:
      - scalr-edge
    healthcheck:
      # grep, because redis-cli exits 0 on error replies, such as LOADING while the AOF is read.
      test: ['CMD-SHELL', 'redis-cli ping | grep -q PONG']
      interval: 5s
      timeout: 3s
      retries: 5
      start_period: 30s
    restart: unless-stopped

networks:
  scalr-edge:
    name: scalr-edge

volumes:
  scalr-redis-data:
    name: scalr-redis-data
`;
}

/** The worker of the app, on the network of the shared Redis. */
export function compose(app: string, script: string): string {
  return `# The worker of this app. Redis is shared by every app of the platform and has a file of its own.
#
#   docker compose -f ops/redis/compose.yml up -d     once per host: Redis, and the network scalr-edge
#   docker compose up -d                              this app; \`docker compose down\` leaves Redis alone
#
# The worker runs the image of the web process with another command: the Dockerfile of the app builds it. The web process
# needs the network scalr-edge and the same SCALR_REDIS_URL. Settings come from .env; an empty value counts as not set.

services:
  worker:
    image: \${COMPOSE_PROJECT_NAME:-${app}}-app
    build: .
    command: ['node', '${script}']
    init: true
    environment:
      SCALR_APP: \${SCALR_APP:-${app}}
      SCALR_REDIS_URL: \${SCALR_REDIS_URL:-redis://scalr-redis:6379/0}
      # No published port: it serves /health and /metrics only.
      SCALR_WORKER_PORT: 3001
      SCALR_WORKER_CONCURRENCY: \${SCALR_WORKER_CONCURRENCY:-10}
      SCALR_WORKER_QUEUES: \${SCALR_WORKER_QUEUES:-}
      SCALR_SHUTDOWN_TIMEOUT: \${SCALR_SHUTDOWN_TIMEOUT:-25s}
    networks:
      - scalr-edge
    # The process needs nothing but to run: no capability, no other file than /tmp.
    read_only: true
    tmpfs:
      - /tmp
    cap_drop:
      - ALL
    security_opt:
      - no-new-privileges:true
    healthcheck:
      test:
        - CMD
        - node
        - -e
        - "fetch('http://127.0.0.1:3001/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"
      interval: 10s
      timeout: 3s
      retries: 3
      start_period: 15s
    # Above SCALR_SHUTDOWN_TIMEOUT: Docker kills what still runs after it.
    stop_grace_period: 35s
    restart: unless-stopped

networks:
  scalr-edge:
    name: scalr-edge
    external: true
`;
}

/** The settings by name, each with what explains it. */
export function environment(app: string): Record<string, string> {
  return {
    SCALR_APP: `# Name of the app on the shared Redis: all keys start with scalr:{<app>}:\nSCALR_APP=${app}\n`,
    SCALR_REDIS_URL:
      "# redis://user:password@host:6379/0, or rediss:// for TLS. Leave it unset on a developer's machine.\n# Default: redis://localhost:6379/0; in the compose file redis://scalr-redis:6379/0\n# SCALR_REDIS_URL=redis://scalr-redis:6379/0\n",
    SCALR_WORKER_PORT: "# TCP port of the worker's health endpoints. Default: 3001\nSCALR_WORKER_PORT=3001\n",
    SCALR_WORKER_CONCURRENCY:
      '# Jobs that one worker runs at a time, per queue. Default: 10\nSCALR_WORKER_CONCURRENCY=10\n',
    SCALR_WORKER_QUEUES: '# The only queues to work on: mail,reports. Default: all\nSCALR_WORKER_QUEUES=\n',
    SCALR_SHUTDOWN_TIMEOUT:
      '# Time that running jobs have to finish after SIGTERM. Default: 25s\nSCALR_SHUTDOWN_TIMEOUT=25s\n',
  };
}
