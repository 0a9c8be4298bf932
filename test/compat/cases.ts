// All requests that grpc-gateway and Sluice must answer alike.
import type { Case } from "./case.ts";
import { bodyCases } from "./cases/bodies.ts";
import { headerCases } from "./cases/headers.ts";
import { queryCases } from "./cases/query.ts";
import { routeCases } from "./cases/routes.ts";
import { serviceCases } from "./cases/services.ts";
import { streamCases } from "./cases/streams.ts";

export const cases: readonly Case[] = [
  ...streamCases,
  ...queryCases,
  ...bodyCases,
  ...routeCases,
  ...headerCases,
  ...serviceCases,
];
