# One image for both processes: web by default, the worker with `node dist/main.worker.js` as its command.

# Pin the base to what you tested: --build-arg NODE_IMAGE=node:22-slim@sha256:…
# (`docker buildx imagetools inspect node:22-slim` prints the digest of the day).
ARG NODE_IMAGE=node:22-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
# Manifests first: the dependencies are installed again only when these change.
COPY package.json package-lock.json .npmrc ./
COPY libs/scalr-queue/package.json libs/scalr-queue/
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
# node_modules/scalr-queue is a link to libs/scalr-queue, so the library has to lie there as well.
COPY --from=build /app/libs/scalr-queue/package.json libs/scalr-queue/
COPY --from=build /app/libs/scalr-queue/dist libs/scalr-queue/dist
COPY --from=build /app/dist dist
# The files belong to root: the process can read its code, not change it.
USER node
EXPOSE 3000 3001
# A container runs one of the two processes: whichever answers counts.
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["node", "-e", "Promise.any([process.env.PORT || 3000, process.env.SCALR_WORKER_PORT || 3001].map((port) => fetch('http://127.0.0.1:' + port + '/health/ready').then((r) => r.ok || Promise.reject()))).then(() => process.exit(0), () => process.exit(1))"]
# Exec form: node itself gets SIGTERM and drains; a shell would swallow it.
CMD ["node", "dist/main.js"]
