/** A real S3 server: DRS_PILOT_VERSITYGW, `versitygw` on PATH, our cache, a build by Go (about 2 minutes, once); `undefined` where none is. */
export function findS3(options?: { onProgress?: (line: string) => void }): Promise<string | undefined>;
