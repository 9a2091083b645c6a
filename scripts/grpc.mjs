import { connect } from 'node:http2';

/**
 * One gRPC call whose request is a message with a single string as field 1, over plain HTTP/2, without any dependency.
 * Gives the raw reply; throws when the server is not there, does not answer in time or refuses.
 */
export function call(address, path, text, timeoutMs = 2_000) {
  return new Promise((resolve, reject) => {
    const session = connect(`http://${address}`);
    const end = (error, reply) => {
      clearTimeout(timer);
      session.destroy();
      error ? reject(error) : resolve(reply);
    };
    const timer = setTimeout(() => end(new Error(`${path}: no answer within ${timeoutMs} ms`)), timeoutMs);
    session.once('error', end);

    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks = [];
    let status;
    const read = (headers) => {
      status = headers['grpc-status'] ?? status;
    };
    stream.once('error', end);
    stream.once('response', read);
    stream.once('trailers', read);
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.once('end', () => {
      setImmediate(() =>
        status === '0'
          ? end(undefined, Buffer.concat(chunks).subarray(5))
          : end(new Error(`${path}: gRPC status ${status}`)),
      );
    });
    stream.end(frame(text));
  });
}

/** A frame: no compression, length, message. The message: tag 1 as a string of under 128 bytes. */
function frame(text) {
  const value = Buffer.from(text);
  if (value.length > 127) throw new RangeError('too long for this small encoder');
  const message = value.length ? Buffer.concat([Buffer.from([0x0a, value.length]), value]) : value;
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
