"""The page of a what-if: figures under several pairing rules, side by side. It reads an answer only, and nothing of the lake."""
