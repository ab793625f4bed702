// The line itself must be as bad as it says, or the specs that lean on it prove nothing.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, beforeEach, afterEach, test } from 'node:test';
import { cutting, seeded, startLine } from './line.js';

const ANSWER = 'x'.repeat(3000);
let server;
let line;
let heard;

before(async () => {
  server = http.createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    heard.push(body);
    response.end(ANSWER);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(() => server.close());
beforeEach(async () => {
  heard = [];
  line = await startLine({ to: `http://127.0.0.1:${server.address().port}`, seed: 4 });
});
afterEach(() => line.close());

/** One request on a connection of its own. */
function ask(body = 'report', agent = new http.Agent()) {
  return new Promise((resolve, reject) => {
    const request = http.request(line.url, { method: 'POST', agent }, async (response) => {
      try {
        let text = '';
        for await (const part of response) text += part;
        resolve(text);
      } catch (error) {
        reject(error);
      }
    });
    request.on('error', reject).end(body);
  });
}
const timed = async (work) => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

test('a line left alone changes nothing, and counts both ways', async () => {
  assert.equal(await ask(), ANSWER);
  assert.deepEqual(heard, ['report']);
  assert.ok(line.bytes.toClient > 3000 && line.bytes.toClient < 3400, `${line.bytes.toClient}`);
  assert.ok(line.bytes.toServer > 6 && line.bytes.toServer < 300, `${line.bytes.toServer}`);
});

test('large answers come whole through a throttled and trembling line', async () => {
  const large = 'report '.repeat(60_000);
  line.toServer.quality = { rate: 2_000_000, delay: [1, 30] };
  assert.equal(await ask(large), ANSWER);
  assert.equal(heard[0], large);
});

test('throttled, it takes at least as long as the bytes need', async () => {
  line.toClient.quality = { rate: 6250 };
  assert.ok((await timed(() => ask())) >= (3000 / 6250) * 1000 - 100);
});

test('two connections share the line', async () => {
  line.toClient.quality = { rate: 12_500 };
  assert.ok((await timed(() => Promise.all([ask(), ask()]))) >= (6000 / 12_500) * 1000 - 100);
});

test('delayed, a new connection costs two round trips and a warm one one', async () => {
  line.quality = { delay: [40, 60] };
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  assert.ok((await timed(() => ask('cold', agent))) >= 158);
  const warm = await timed(() => ask('warm', agent));
  assert.ok(warm >= 78 && warm < 158, `${warm}`);
  agent.destroy();
});

for (const how of ['rst', 'fin']) {
  test(`cut before the request is through (${how}), the server hears nothing of it`, async () => {
    line.cutNext({ beginning: 'POST', moment: 'request', how });
    await assert.rejects(ask());
    assert.deepEqual(heard, []);
    assert.equal(await ask('again'), ANSWER);
    assert.deepEqual(line.cuts, [{ moment: 'request', how }]);
  });

  test(`cut before the answer (${how}), the server has done its work and the browser does not know`, async () => {
    line.cutNext({ beginning: 'POST', moment: 'answer', how });
    await assert.rejects(ask());
    assert.deepEqual(heard, ['report']);
    assert.equal(line.bytes.toClient, 0);
  });

  test(`cut in the middle of the answer (${how}), some of it has come`, async () => {
    line.cutNext({ beginning: 'POST', moment: 'middle', how });
    await assert.rejects(ask());
    assert.deepEqual(heard, ['report']);
    assert.ok(line.bytes.toClient > 0 && line.bytes.toClient < 3000, `${line.bytes.toClient}`);
  });
}

test('a reset says so, and a close does not', async () => {
  line.cutNext({ beginning: 'POST', moment: 'answer', how: 'rst' });
  await assert.rejects(ask(), { code: 'ECONNRESET', message: 'read ECONNRESET' });
  line.cutNext({ beginning: 'POST', moment: 'answer', how: 'fin' });
  await assert.rejects(ask(), { message: 'socket hang up' });
});

test('only what begins so is cut', async () => {
  line.cutNext({ beginning: 'POST /elsewhere', moment: 'answer', how: 'rst' });
  assert.equal(await ask(), ANSWER);
});

test('it hangs and goes on', async () => {
  line.hang();
  let answered = false;
  const asked = ask().then(() => (answered = true));
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(answered, false);
  line.resume();
  await asked;
});

test('it falls and rises', async () => {
  line.fall();
  await assert.rejects(ask(), { code: 'ECONNRESET' });
  line.rise();
  assert.equal(await ask(), ANSWER);
});

test('it leads to another server, on new connections', async () => {
  const other = http.createServer((_, response) => response.end('other'));
  await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  assert.equal(await ask('', agent), ANSWER);
  line.lead(`http://127.0.0.1:${other.address().port}`);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(await ask('', agent), 'other');
  agent.destroy();
  other.close();
});

test('the same seed cuts the same', () => {
  const draw = (seed) => {
    const random = seeded(seed);
    return Array.from({ length: 300 }, () => cutting(1 / 3)(random));
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  const cut = draw(7).filter(Boolean);
  assert.ok(cut.length > 80 && cut.length < 120, `${cut.length} of 300`);
  assert.equal(new Set(cut.map(({ moment, how }) => moment + how)).size, 6);
});
