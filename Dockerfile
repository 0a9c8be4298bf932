# Two images: `gateway` (the default) is Sluice alone; `examples` holds the example backends of docker-compose.yml.
FROM node:22-alpine AS examples
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
COPY examples examples
COPY pages pages
COPY protos protos
RUN npm run build
USER node
CMD ["node", "dist/examples/main.js", "--host", "0.0.0.0"]

FROM node:22-alpine AS gateway
WORKDIR /app
ENV NODE_ENV=production
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev
COPY --from=examples /app/dist/src dist/src
COPY pages pages
COPY protos protos
COPY examples/sluice.yaml examples/sluice.yaml
USER node
EXPOSE 8080
ENTRYPOINT ["node", "dist/src/main.js"]
CMD ["serve", "--config", "examples/sluice.yaml", "--listen", "0.0.0.0:8080"]
