# FluxVision on the newest Node LTS and Debian 13, whose C library WebTransport's native module needs.
#   docker build -t fluxvision .
#   docker run -p 8080:8080 -p 8443:8443 -p 8443:8443/udp -v fluxvision:/data fluxvision
ARG NODE_IMAGE=node:lts-trixie-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
# Dependencies first: they change less often than the sources.
COPY package.json package-lock.json ./
COPY scripts/install.mjs scripts/
COPY scripts/lib scripts/lib
RUN node scripts/install.mjs
COPY . .
RUN node scripts/build.mjs && node scripts/runtime-modules.mjs

FROM ${NODE_IMAGE}
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    UV_THREADPOOL_SIZE=32 \
    FLUXVISION_DATA_DIR=/data \
    FLUXVISION_DEMO=0
WORKDIR /app
COPY --from=build /src/dist/runtime/node_modules ./node_modules
COPY --from=build /src/dist/crypto ./dist/crypto
COPY --from=build /src/dist/server ./dist/server
COPY --from=build /src/dist/web ./dist/web
COPY --from=build /src/package.json ./
# The image's own unprivileged user (uid 1000); nothing below /app is writable for it. A fresh named volume takes owner and
# mode from the folder that it covers: without /recordings here, one mounted there would belong to root.
RUN install -d -o node -g node -m 0700 /data /recordings
USER node
VOLUME /data
# HTTP; HTTPS; WebTransport (HTTP/3).
EXPOSE 8080/tcp 8443/tcp 8443/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+(process.env.FLUXVISION_PORT||8080)+'/api/v1/health').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/server/cli.mjs"]
CMD ["serve"]
