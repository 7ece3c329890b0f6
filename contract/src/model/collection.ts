import { z } from "zod";
import { catalogueTextSchema, pageLimitSchema } from "./asset.ts";

/** The name of a collection: a text of people's, that no other collection has, and that is no id. */
export const collectionNameSchema = catalogueTextSchema.refine(
  (name) => !z.guid().safeParse(name).success,
  "no text in the form of an id",
);

/** An ordered set of assets, and of other collections, whose assets are its own as well. */
export interface Collection {
  /** The id of targets of type `collection`. */
  readonly id: string;
  readonly name: string;
  /** How many members it has itself; a nested collection is one. */
  readonly memberCount: number;
  readonly createdAt: Date;
  /** The last change of its name or of its own members, who made it, and why. */
  readonly changedAt: Date;
  readonly actor: string;
  readonly reason: string | null;
}

/** What a collection holds. */
export const MEMBER_TYPES = ["asset", "collection"] as const;

/** Reads a member of a collection. */
export const memberSchema = z.strictObject({ type: z.enum(MEMBER_TYPES), id: catalogueTextSchema });
/** What is, or is to be, a member of a collection. */
export type Member = z.output<typeof memberSchema>;

/** A member where it stands. */
export interface MemberEntry extends Member {
  readonly name: string;
  /** Grows along the order; what is added later stands behind. */
  readonly position: number;
}

/** Reads which collections are listed. */
export const collectionFilterSchema = z.strictObject({
  /** Those whose name contains this, in capitals or not. */
  name: catalogueTextSchema.optional(),
  /** Those alone that this is a member of. */
  holds: memberSchema.optional(),
  limit: pageLimitSchema,
  /** The last name of the page before. */
  after: catalogueTextSchema.optional(),
});
/** Which collections are listed; every field narrows. */
export type CollectionFilter = z.input<typeof collectionFilterSchema>;

/** Reads which members are listed. */
export const memberPageSchema = z.strictObject({
  limit: pageLimitSchema,
  /** The last position of the page before. */
  after: z.int().min(0).default(0),
});
/** A page of members. */
export type MemberPage = z.input<typeof memberPageSchema>;
