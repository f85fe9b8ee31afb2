// A server on loopback that is as sick as a request's path says.

import { once } from "node:events";
import { createServer } from "node:http";

const ANSWERS = {
  status: (response, [status]) => response.writeHead(Number(status)).end("said"),
  /** `/asked/503/120`: a Retry-After in seconds. */
  asked: (response, [status, seconds]) =>
    response.writeHead(Number(status), { "Retry-After": seconds }).end(),
  /** A Retry-After as a date, a minute after the response's own, whose clock is wrong. */
  dated: (response, [status]) => {
    const now = Date.UTC(1994, 10, 6, 8, 49, 37);
    response.writeHead(Number(status), {
      Date: new Date(now).toUTCString(),
      "Retry-After": new Date(now + 60_000).toUTCString(),
    });
    response.end();
  },
  hang: () => {},
  reset: (response) => response.socket.resetAndDestroy(),
  /** The head is there, and the body breaks: not at once, for a reset takes along what has not been read. */
  broken: (response) => {
    response.writeHead(200, { "Content-Length": "100" });
    response.write("half");
    setTimeout(() => response.socket.resetAndDestroy(), 100);
  },
  /** An informational response before the one that was asked for. */
  hints: (response, [status]) => {
    response.writeEarlyHints({ link: "</style.css>; rel=preload" }, () => {
      response.writeHead(Number(status)).end();
    });
  },
  slow: (response, [milliseconds]) => setTimeout(() => response.end("late"), Number(milliseconds)),
};

/** Answers as the words of a path say. */
export function sick(response, [what, ...words]) {
  ANSWERS[what](response, words);
}

/** Answers its base URL, how many requests have come, and what ends it. */
export async function serve() {
  const seen = [];
  const server = createServer((request, response) => {
    seen.push(request.url);
    sick(response, request.url.split("/").slice(1));
  });
  server.on("upgrade", (request, socket) => {
    seen.push(request.url);
    socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    seen,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A port that nobody listens on. */
export async function closedPort() {
  const { base, close } = await serve();
  await close();
  return base;
}

/** What a breaker has counted: success, failure, ignored, cancelled. */
export function counts(breaker) {
  const { successCount, failureCount, ignoredCount, cancelledCount } = breaker.metrics();
  return [successCount, failureCount, ignoredCount, cancelledCount];
}
