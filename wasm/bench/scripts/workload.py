# Classes, dictionaries, big integers, sorting and generators.
import json


class Account:
    def __init__(self, number):
        self.number = number
        self.balance = 0
        self.history = []

    def book(self, amount):
        self.balance += amount
        self.history.append(amount)


def primes():
    found = {}
    candidate = 2
    while True:
        factor = found.pop(candidate, None)
        if factor is None:
            yield candidate
            found[candidate * candidate] = candidate
        else:
            multiple = candidate + factor
            while multiple in found:
                multiple += factor
            found[multiple] = factor
        candidate += 1


accounts = [Account(number) for number in range(200)]
state = 1
for _ in range(60000):
    state = state * 1103515245 + 12345 & 0x7FFFFFFF
    accounts[state >> 16 & 127].book(state % 1000 - 500)
ranking = sorted(accounts, key=lambda account: (-account.balance, account.number))
text = json.dumps([{'number': a.number, 'balance': a.balance, 'history': a.history[:20]} for a in ranking])
digest = sum(ord(character) * (index & 63) for index, character in enumerate(text))
stream = primes()
last = [next(stream) for _ in range(6000)][-1]
big = 1
for factor in range(2, 900):
    big *= factor
print(digest, last, big % 1000000007, sum(map(int, str(big))))
