/**
 * How fast the simulated cloud works. `instant`: things move on one stage per read; `demo`: a transfer takes 20 seconds;
 * a number: that many times as fast as `demo`.
 */
export type Speed = 'instant' | 'demo' | number;

export function parseSpeed(text: string | number): Speed {
  if (text === 'instant' || text === 'demo') return text;
  const factor = Number(text);
  if (!Number.isFinite(factor) || factor <= 0)
    throw new Error(`a speed is "instant", "demo" or a positive number, not "${text}"`);
  return factor;
}

/** Something that takes time: `position` is in milliseconds at demo speed and was right at the moment `seen`. */
export interface Course {
  position: number;
  seen: number;
}

/** Where the course has come to by `now`. At `instant` only a read moves it, and by one mark. */
export function advanced(course: Course, marks: readonly number[], speed: Speed, now: number, read: boolean): number {
  const end = marks.at(-1) ?? 0;
  if (speed !== 'instant') {
    const factor = speed === 'demo' ? 1 : speed;
    return Math.max(course.position, Math.min(end, course.position + (now - course.seen) * factor));
  }
  return read ? (marks.find((mark) => mark > course.position) ?? course.position) : course.position;
}
