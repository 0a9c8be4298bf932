// A header block as it was received, and what was found out about it: shared by every stream that sends the same bytes.

/** Names and values in turn, names in lower case. The list may be shared between streams: never change it. */
export type HeaderList = readonly string[];

/** A request's head that passed every rule (RFC 9113 section 8.3.1). */
export interface RequestHead {
  readonly contentLength: number;
}

/** A response's head that passed every rule (section 8.3.2). */
export interface ResponseHead {
  readonly status: number;
  readonly contentLength: number;
}

/** The checks are made once for each role a block is used in, and their result stays with the block: a text is what is wrong. */
export interface DecodedBlock {
  readonly headers: HeaderList;
  /** Over the limit; `headers` ends where the limit was reached. */
  readonly isTooLarge: boolean;
  /** A name or value no message may have. */
  readonly malformed: string | undefined;
  requestHead: RequestHead | string | undefined;
  responseHead: ResponseHead | string | undefined;
  trailers: true | string | undefined;
}
