-- A database of :people contacts with :each messages each; the messages of all came by turns.
INSERT INTO business (id, name) VALUES ('sol', 'sol');
INSERT INTO account (id, business, channel) VALUES (:account, 'sol', 'evolution');
CREATE TEMP TABLE n AS
    WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < :people) SELECT i FROM n;
INSERT INTO contact (id, business, phone, created_at)
    SELECT i, 'sol', '5511' || (900000000 + i), :now FROM n;
INSERT INTO contact_alias (business, kind, value, contact_id)
    SELECT 'sol', 'phone', '5511' || (900000000 + i), i FROM n;
INSERT INTO lead (id, business, contact_id, created_at, updated_at)
    SELECT i, 'sol', i, :now, :now FROM n;
INSERT INTO fact (lead_id, slot, value, at)
    SELECT i, 'cidade', 'Natal', :now FROM n UNION ALL SELECT i, 'conta', '500', :now FROM n;
INSERT INTO conversation (id, business, account, contact_id, address, last_seq)
    SELECT i, 'sol', :account, i, '5511' || (900000000 + i) || '@s.whatsapp.net', :each FROM n;
INSERT INTO message (business, account, conversation_id, seq, direction, author, kind, text,
                     provider_id, outcome, occurred_at, created_at)
    SELECT 'sol', :account, n.i, s.i, 'in', 'customer', 'text',
           'quanto custa um kit de energia solar para a minha casa?',
           printf('3A%014X%04X', n.i, s.i), 'answered', :now, :now
    FROM (SELECT i FROM n WHERE i <= :each) AS s CROSS JOIN n;
INSERT INTO lane (queue, key, seq, ack, due_at, first_at)
    SELECT 'in', CAST(i AS TEXT), :each, CASE WHEN i <= :due THEN :each - 1 ELSE :each END,
           CASE WHEN i <= :due THEN :now - i END, CASE WHEN i <= :due THEN :now - i END
    FROM n;
INSERT INTO dedup (id, at)
    SELECT randomblob(16), :now - n.i FROM (SELECT i FROM n WHERE i <= :each) AS s CROSS JOIN n;
ANALYZE;
