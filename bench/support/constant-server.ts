import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A process of its own that answers every request with the same: what it costs is the same for every client. */
const QUOTAS = JSON.stringify({ quotas: { resource: { type: 'job', min: 0, max: 100, quota: 100, used: 3 } } });
const TOKEN = JSON.stringify({ token: { expires_at: new Date(Date.now() + 86_400_000).toISOString() } });

process.once('disconnect', () => process.exit());
const server = createServer((req, res) => {
  req.resume();
  const isLogin = req.url?.endsWith('/auth/tokens');
  res.writeHead(isLogin ? 201 : 200, {
    'content-type': 'application/json',
    'x-request-id': '4f9c1d',
    ...(isLogin && { 'x-subject-token': 'MII'.padEnd(1_200, 'x') }),
  });
  res.end(isLogin ? TOKEN : QUOTAS);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
