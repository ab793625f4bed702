// A bad line: a TCP proxy between the browser and the program that delays, throttles, hangs and cuts. It knows nothing of
// HTTP but that a browser speaks in turns: what it sends after an answer begins a new exchange.
//
// Bytes of all connections share the line, one piece after the other in turn, as they do behind one antenna. Chance comes
// from a seed, so that a run that failed can be had again.
import net from 'node:net';

/** How large a piece crosses at once: small enough that a throttled line can be cut inside a request. */
const PIECE = 512;
/** How much may wait on this side of the line before its sender is held back. */
const WAITING_ROOM = 64 * 1024;

/**
 * @typedef {'request' | 'answer' | 'middle'} Moment before the request is through; after it and before the answer (which the
 *   server has given: its work is done); inside the answer's first bytes
 * @typedef {{ moment: Moment, how: 'rst' | 'fin', part?: number }} Cut
 * @typedef {{ rate?: number, delay?: number | [number, number] }} Quality bytes per second; milliseconds one way, or from-to
 */

/** Numbers in [0, 1), the same ones for the same seed (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Cuts this share of all exchanges, at any of the three moments and in either way. */
export const cutting = (share) => (random) => {
  if (random() >= share) return null;
  const moment = ['request', 'answer', 'middle'][Math.floor(random() * 3)];
  return { moment, how: random() < 0.5 ? 'rst' : 'fin' };
};

/** @param {{ to: string, seed?: number }} options `to`: the origin it leads to @returns {Promise<Line>} */
export async function startLine({ to, seed = 1 }) {
  const line = new Line(to, seed);
  await line.listen();
  return line;
}

class Line {
  #server = net.createServer({ pauseOnConnect: true, allowHalfOpen: false }, (client) => this.#accept(client));
  #connections = new Set();
  #wanted = [];
  #fallen = false;
  #target;

  constructor(to, seed) {
    this.#target = new URL(to);
    this.random = seeded(seed);
    this.toServer = new Way(this.random);
    this.toClient = new Way(this.random);
    /** Asked at the beginning of each exchange. @type {(random: () => number) => Cut | null} */
    this.cut = () => null;
    /** What was cut, in order. @type {Cut[]} */
    this.cuts = [];
    /** What went to and fro, by its first line, with HTTP's headers. @type {{ beginning: string, toServer: number, toClient: number }[]} */
    this.exchanges = [];
  }

  listen() {
    return new Promise((resolve, reject) => this.#server.once('error', reject).listen(0, '127.0.0.1', resolve));
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** @param {Quality} quality of both ways */
  set quality(quality) {
    this.toServer.quality = quality;
    this.toClient.quality = quality;
  }

  /** Bytes that have crossed, HTTP's headers among them. */
  get bytes() {
    return { toServer: this.toServer.crossed, toClient: this.toClient.crossed };
  }

  /** Cuts the next exchange whose first bytes begin so, whatever `cut` says. @param {Cut & { beginning: string }} wanted */
  cutNext(wanted) {
    this.#wanted.push(wanted);
  }

  /** No line at all: what is under way breaks off, and nothing new comes about. */
  fall() {
    this.#fallen = true;
    for (const connection of this.#connections) connection.end('rst');
  }

  rise() {
    this.#fallen = false;
  }

  /** Nothing crosses, nothing breaks off. */
  hang() {
    for (const way of [this.toServer, this.toClient]) way.hanging = true;
  }

  resume() {
    for (const way of [this.toServer, this.toClient]) way.hanging = false;
  }

  /** From now on it leads to another server. */
  lead(to) {
    this.#target = new URL(to);
    for (const connection of this.#connections) connection.end('fin');
  }

  async close() {
    for (const connection of this.#connections) connection.end('rst');
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client) {
    if (this.#fallen) return client.resetAndDestroy();
    const server = net.connect(Number(this.#target.port), this.#target.hostname);
    const connection = new Connection(this, client, server, (text) => this.#judge(text));
    this.#connections.add(connection);
    client.once('close', () => this.#connections.delete(connection));
  }

  #judge(text) {
    const at = this.#wanted.findIndex(({ beginning }) => text.startsWith(beginning));
    const cut = at < 0 ? this.cut(this.random) : this.#wanted.splice(at, 1)[0];
    return cut && { moment: cut.moment, how: cut.how, ...('part' in cut && { part: cut.part }) };
  }
}

/** One connection of the browser's, and ours to the server behind it. */
class Connection {
  #cut = null;
  #exchange = null;
  #answered = true;
  #ended = false;

  constructor(line, client, server, judge) {
    Object.assign(this, { line, client, server, judge });
    for (const socket of [client, server]) socket.setNoDelay(true).on('error', () => this.end('rst'));
    // A round trip passes before the first byte of a connection.
    const ready = performance.now() + line.toServer.delay() + line.toClient.delay();
    const there = line.toServer.flow(client, server, ready, () => this.#finish(server));
    const back = line.toClient.flow(server, client, 0, () => this.#finish(client));
    client.on('data', (bytes) => this.#ask(bytes, there)).on('end', () => there.finish());
    server.on('data', (bytes) => this.#answer(bytes, back)).on('end', () => back.finish());
    server.on('close', () => there.stop());
    client.on('close', () => back.stop());
    client.resume();
  }

  #ask(bytes, flow) {
    if (this.#answered) {
      this.#answered = false;
      const text = bytes.subarray(0, 200).toString('latin1');
      this.#cut = this.judge(text);
      this.#exchange = { beginning: text.split('\r\n')[0], toServer: 0, toClient: 0 };
      this.line.exchanges.push(this.#exchange);
    }
    this.#exchange.toServer += bytes.length;
    if (this.#cut?.moment !== 'request') return flow.push(bytes);
    flow.push(bytes.subarray(0, Math.floor(this.line.random() * bytes.length)));
    flow.then(() => this.#cutNow());
  }

  #answer(bytes, flow) {
    this.#answered = true;
    if (this.#exchange) this.#exchange.toClient += bytes.length;
    if (this.#cut?.moment === 'answer') return this.#cutNow();
    if (this.#cut?.moment !== 'middle') return flow.push(bytes);
    flow.push(bytes.subarray(0, Math.ceil((this.#cut.part ?? this.line.random() * 0.9) * bytes.length)));
    flow.then(() => this.#cutNow());
  }

  #cutNow() {
    if (this.#ended) return;
    this.line.cuts.push(this.#cut);
    this.end(this.#cut.how);
  }

  #finish(socket) {
    if (!socket.destroyed) socket.end();
  }

  /** Breaks off. The server must not get to know how the browser did. @param {'rst' | 'fin'} how */
  end(how) {
    if (this.#ended) return;
    this.#ended = true;
    if (how === 'fin') this.client.end(() => this.client.destroy());
    else if (!this.client.destroyed) this.client.resetAndDestroy();
    this.server.destroy();
  }
}

/** One direction of the line, shared by all connections in turn. */
class Way {
  #flows = new Set();
  #busy = false;
  #hanging = false;

  constructor(random) {
    this.random = random;
    this.crossed = 0;
    /** @type {Quality} */
    this.quality = {};
  }

  delay() {
    const { delay = 0 } = this.quality;
    return Array.isArray(delay) ? delay[0] + this.random() * (delay[1] - delay[0]) : delay;
  }

  set hanging(yes) {
    this.#hanging = yes;
    if (!yes) this.turn();
  }

  flow(from, to, ready, whenDone) {
    const flow = new Flow(this, from, to, ready, whenDone);
    this.#flows.add(flow);
    return flow;
  }

  forget(flow) {
    this.#flows.delete(flow);
  }

  /** Sends one piece of the next flow that has one, and goes on when the line is free again. */
  turn() {
    if (this.#busy || this.#hanging) return;
    const flow = [...this.#flows].find((one) => one.waiting);
    if (!flow) return;
    this.#flows.delete(flow);
    this.#flows.add(flow); // to the end of the row
    const { rate } = this.quality;
    const sent = flow.send(rate ? PIECE : Infinity, this.delay());
    this.crossed += sent;
    this.#busy = true;
    const free = () => {
      this.#busy = false;
      this.turn();
    };
    if (rate) setTimeout(free, (sent / rate) * 1000);
    else setImmediate(free);
  }
}

/** What one connection sends in one direction: pieces, and things to do when what came before them has arrived. */
class Flow {
  #queue = [];
  #size = 0;
  #underWay = [];
  #last = 0;
  #stopped = false;

  constructor(way, from, to, ready, whenDone) {
    Object.assign(this, { way, from, to, ready, whenDone });
  }

  get waiting() {
    return this.#queue.length > 0;
  }

  push(bytes) {
    if (this.#stopped || bytes.length === 0) return;
    this.#queue.push(bytes);
    this.#size += bytes.length;
    if (this.#size > WAITING_ROOM) this.from.pause();
    this.way.turn();
  }

  then(work) {
    this.#queue.push(work);
    this.way.turn();
  }

  finish() {
    this.then(this.whenDone);
  }

  /** @returns {number} how many bytes went on their way */
  send(most, delay) {
    const next = this.#queue.shift();
    const isWork = typeof next === 'function';
    const piece = isWork ? next : next.subarray(0, most);
    if (piece.length < next.length) this.#queue.unshift(next.subarray(piece.length));
    // Never before what was sent before it.
    this.#last = Math.max(this.#last, Math.max(performance.now(), this.ready) + delay);
    this.#underWay.push({ piece, at: this.#last });
    if (this.#underWay.length === 1) this.#arrive();
    if (isWork) return 0;
    this.#size -= piece.length;
    if (this.#size < WAITING_ROOM / 2 && this.from.isPaused()) this.from.resume();
    return piece.length;
  }

  #arrive() {
    while (!this.#stopped && this.#underWay.length) {
      const [{ piece, at }] = this.#underWay;
      const left = at - performance.now();
      if (left > 0) return void setTimeout(() => this.#arrive(), left);
      this.#underWay.shift();
      if (typeof piece === 'function') piece();
      else if (!this.to.destroyed) this.to.write(piece);
    }
  }

  stop() {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#queue = [];
    this.way.forget(this);
    // What is still said to somebody who has gone goes nowhere.
    this.from.resume();
  }
}
