# The current LTS on Debian: Temporal's core is built for glibc.
FROM node:24.11.1-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
# docker build --build-arg COMMIT=$(git rev-parse --short=12 HEAD): part of the build id of workers.
ARG COMMIT=
RUN DRS_PILOT_COMMIT=$COMMIT npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24.11.1-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/bin ./bin
COPY --from=build /app/dist ./dist
# For a store on a volume, which begins with this folder's owner.
RUN install -d -o node -g node /var/lib/drs-pilot
# The user node, by its number: Kubernetes then knows that it is not root.
USER 1000:1000
ENTRYPOINT ["node", "bin/drs-pilot.js"]
CMD ["worker"]
