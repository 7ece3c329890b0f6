import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { demuxerOf } from "../../src/ffmpeg/demuxer.ts";
import { sample } from "../samples.ts";

const of = (text: string) => demuxerOf(Buffer.from(text, "latin1"));

describe("a file is held to one reader by its first bytes", () => {
  it.each([
    ["city.jpg", "jpeg_pipe"],
    ["dog.mp4", "mov"],
    ["glass.flac", "flac"],
    ["monitors.webm", "matroska"],
    ["speech.mp3", "mp3"],
    ["speech.wav", "wav"],
  ])("%s is read by %s", async (name, demuxer) => {
    expect(demuxerOf((await readFile(sample(name))).subarray(0, 1_024))).toEqual({ demuxer });
  });

  const packet = `G${"\0".repeat(187)}`;
  it.each([
    ["a transport stream", packet.repeat(3), "mpegts"],
    ["a transport stream with times", `\0\0\0\0${`G${"\0".repeat(191)}`.repeat(3)}`, "mpegts"],
    ["MXF", "\x06\x0e\x2b\x34\x02\x05\x01\x01", "mxf"],
    ["AVI", "RIFF\x10\0\0\0AVI LIST", "avi"],
    ["MPEG audio without a tag", "\xff\xfb\x90\x64", "mp3"],
    ["AAC as broadcast", "\xff\xf1\x50\x80", "aac"],
    ["a long WAV", "RF64\xff\xff\xff\xffWAVE", "wav"],
  ])("%s", (_, head, demuxer) => expect(of(head)).toEqual({ demuxer }));
});

describe("what may lead to other files has no reader, and is called by its name", () => {
  it.each([
    ["#EXTM3U\n#EXT-X-VERSION:3\n", "an HLS playlist"],
    ["\xef\xbb\xbf \r\n#EXTM3U\n", "an HLS playlist"],
    ["ffconcat version 1.0\nfile a\n", "a list of files to join"],
    ["file '/etc/passwd'\n", "a list of files to join"],
    ['<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">', "a DASH manifest"],
    ["v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "a session description"],
    ['<svg xmlns="http://www.w3.org/2000/svg">', "a picture made of drawing commands"],
    ['<?xml version="1.0"?><!DOCTYPE svg><svg>', "a picture made of drawing commands"],
    ["<?xml version='1.0'?><a/>", "an XML document"],
    ["1\n00:00:01,000 --> 00:00:02,000\n", "a file of subtitles"],
    ["WEBVTT\n\n", "a file of subtitles"],
    ["#!/bin/sh\n", "a script"],
    ["http://127.0.0.1/a.mp4\n", "a playlist"],
  ])("%j", (head, refused) => expect(of(head)).toEqual({ refused }));

  it.each(["", "text", "\xff", "\xff\xe9\0\0", "G", packetOnce()])("%j is no media", (head) =>
    expect(of(head)).toBe("not_media"),
  );
});

function packetOnce(): string {
  return `G${"\0".repeat(400)}`;
}
