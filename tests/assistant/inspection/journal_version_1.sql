-- A journal as version 1 of its schema had it: no index of words. The second of its six records was deleted.
BEGIN TRANSACTION;
CREATE TABLE head (number INTEGER NOT NULL, chain_sha256 TEXT NOT NULL);
INSERT INTO "head" VALUES(6,'0ad395be03f49d5f9188401e0fa51992ad4b8b44a912b4fe9078555ffaf6d75d');
CREATE TABLE pictures (sha256 TEXT PRIMARY KEY, bytes INTEGER NOT NULL, kept_ms INTEGER NOT NULL);
CREATE TABLE records (number INTEGER PRIMARY KEY,
        at_ms INTEGER, kind TEXT, round_id TEXT, picture_sha256 TEXT,
        salt TEXT, content TEXT, content_sha256 TEXT NOT NULL, chain_sha256 TEXT NOT NULL);
INSERT INTO "records" VALUES(1,1772362800250,'turn','','','09c232ffd78ee7ecd3368134e913aea6','{"answer":"Yes, it is open.","at":"2026-03-01T12:00:00.250+01:00","confidence":0.93,"doubt":"plain","kind":"turn","language":"en","model":"Qwen3-VL-2B-Instruct","profile":"cart","question":"is the valve open","timings":{"speech":1.25,"total":3.5}}','346c9f6cf7829ba4610a067194e8e8fd93236d29a7c5518b2fd89fdc4aa9cdd8','d7707b028d389f825ebceab57519f511be8cc22e11050ba2686e3e0cf12f9982');
INSERT INTO "records" VALUES(2,NULL,NULL,NULL,NULL,NULL,NULL,'690a151c204d4a23a7e18b4c42180a94ff0d2f7c1c5d2776ee6377787754d776','beacf739c4193f7dd1f354339b42a85eade274885e185c11ed9484db6c46ef0e');
INSERT INTO "records" VALUES(3,1772363400250,'turn','','','a17eddd7c813677bd2fb0a269bdde65f','{"answer":"\u662f\u7684\u3002","at":"2026-03-01T12:10:00.250+01:00","kind":"turn","language":"zh","question":"\u9600\u95e8\u662f\u5f00\u7740\u7684\u5417"}','3ee2a6873d61370bf7a89f1e39e4429a504f6a37b10606cd7a0c637f5d97ba51','061347e01d5327f9a7fe1ed1cb549f20dde7d930410467ebcafdca20ec1ae552');
INSERT INTO "records" VALUES(4,1772364600250,'deleted','','','89df85e3263e0d3a3db4fcdd8a6e28b4','{"at":"2026-03-01T12:30:00.250+01:00","details":{"pictures":[],"records":[[2,2]],"why":"said"},"kind":"deleted"}','85053d6718dfc92edcf3d18910c9e962835a4d77dc8120719015a25fbe286e67','a62b267c72ae2ce1eca4907a4e1a04de6a2dd7007870cd8b36e12a204e1cee34');
INSERT INTO "records" VALUES(5,1772364000250,'step','2026-03-01-pump-room','','d63e7498a1c1f7db557afb3f9f46a665','{"at":"2026-03-01T12:20:00.250+01:00","high":8.5,"is_out_of_limits":true,"kind":"step","low":6.0,"round_id":"2026-03-01-pump-room","station":"P1","unit":"bar","value":"9.1"}','2a8997ff36a12a0309bdee870f7ea28f3b467b9a95cfe71bc6314d4bc01a112c','ae16825314fc14c6b896470aed61055f684f6cb607f8a1f2d321a708298cde8e');
INSERT INTO "records" VALUES(6,1772364300250,'note','','','c31c6fd9b215bb01e610a7b885d6b1c8','{"at":"2026-03-01T12:25:00.250+01:00","kind":"note","note":"smells of oil"}','5da01314aa040a7de488c6746121de1884e6294e03035273fdd765b27db5e150','0ad395be03f49d5f9188401e0fa51992ad4b8b44a912b4fe9078555ffaf6d75d');
CREATE INDEX records_by_time ON records (at_ms);
CREATE INDEX records_by_round ON records (round_id, number);
COMMIT;
PRAGMA user_version = 1;
