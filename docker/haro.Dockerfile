# Haro: the page, built and served by nginx, which passes everything else on to the backend (nginx.conf).
# Build it from the top of the repository: docker build -f docker/haro.Dockerfile .

FROM node:22-bookworm-slim AS dev
WORKDIR /haro
RUN chown node:node /haro
USER 1000:1000
COPY --chown=node:node haro/package.json haro/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY --chown=node:node haro ./
CMD ["npm", "run", "dev", "--", "--host", "0.0.0.0"]


FROM dev AS build
RUN npm run build


FROM nginxinc/nginx-unprivileged:1.28-alpine-slim AS prod
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Haro" \
      org.opencontainers.image.description="Weaver's web page, and the proxy before its server." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# The image's own start fills the template and writes it where it may: everything else can be read-only.
ENV NGINX_ENTRYPOINT_LOCAL_RESOLVERS=1 \
    NGINX_ENVSUBST_OUTPUT_DIR=/tmp \
    WEAVER_UPSTREAM=backend:8000
COPY docker/nginx.conf /etc/nginx/templates/nginx.conf.template
COPY --from=build /haro/dist /usr/share/nginx/html
USER 101:101
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/"]
CMD ["nginx", "-c", "/tmp/nginx.conf", "-g", "daemon off;"]
